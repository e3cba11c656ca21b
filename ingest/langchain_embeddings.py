"""Our embedders as LangChain `Embeddings`, for anyone's vector store or chain."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings

from ingest.embedding import Embedder


class NoteEmbeddings(Embeddings):
    """Hands an embedder to LangChain: `Chroma(embedding_function=NoteEmbeddings(embedder))`."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one L2-normalised vector per text, in the given order."""
        return [[float(value) for value in row] for row in self.embedder.embed_notes(texts)]

    def embed_query(self, text: str) -> list[float]:
        """Return the question's L2-normalised vector."""
        return [float(value) for value in self.embedder.embed_question(text)]
