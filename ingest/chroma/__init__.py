"""The one home of Chroma: builds, checks and searches a generation's vector store.

Written once into an empty place, through LangChain's `Chroma`, or updated in a copy that nobody
has open yet; never changed once it is current. The place is a directory of the generation, or
a collection on a `chroma run` server that several processes share.
"""
