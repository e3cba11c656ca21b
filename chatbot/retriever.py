"""Our retrieval for any LangChain program: `NotesRetriever`."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from chatbot.answer import Passage, Question
from chatbot.chain import NotesChain


class NotesRetriever(BaseRetriever):
    """A LangChain retriever over the notes: dense and lexical search, fused and reranked.

    `page_content` is what a reader of the note sees: no markup, and nothing that a comment
    hides. `metadata` says where it stands: source, heading, anchor, lines, start, end (code
    points), score in [0, 1]; `quote` is that stretch of the note to the letter. Best first.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    chain: NotesChain
    limit: int = 5

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        passages = self.chain.search(Question(query), self.limit)
        return [document(passage) for passage in passages]


def document(passage: Passage) -> Document:
    """One passage as LangChain carries it."""
    return Document(
        id=passage.chunk_id,
        page_content=passage.words or passage.text,
        metadata={
            "source": passage.source,
            "heading": list(passage.heading),
            "anchor": passage.anchor,
            "lines": list(passage.lines),
            "start": passage.start,
            "end": passage.end,
            "score": passage.score,
            "quote": passage.text,
        },
    )
