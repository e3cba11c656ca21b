"""The providers whose models can be named: what each needs, and where its models are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """One of LangChain's providers, by the name that `init_chat_model` knows it by.

    `keys` are the variables that may hold its key, the first that is set counts; none where it
    needs none, or finds its credentials in ways of its own. `url` is where its models are, told
    to it so that no variable of its own (`redirecting`) sends questions elsewhere; empty where
    it cannot be told.
    """

    name: str
    package: str  # imported by LangChain
    extra: str  # of ours, that installs it
    keys: tuple[str, ...] = ()
    url: str = ""
    redirecting: tuple[str, ...] = ()
    example: str = ""

    @property
    def advice(self) -> str:
        """The command that installs its package."""
        return f"pip install 'footnote-study[{self.extra}]'"


GATEWAY = "LANGSMITH_GATEWAY"  # sends every provider's requests through LangSmith

PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider(
            "openai",
            "langchain_openai",
            "openai",
            ("OPENAI_API_KEY",),
            "https://api.openai.com/v1",
            ("OPENAI_API_BASE", "OPENAI_BASE_URL", "OPENAI_PROXY", GATEWAY),
            example="gpt-4o-mini",
        ),
        Provider(
            "anthropic",
            "langchain_anthropic",
            "anthropic",
            ("ANTHROPIC_API_KEY",),
            "https://api.anthropic.com",
            ("ANTHROPIC_API_URL", "ANTHROPIC_BASE_URL", "ANTHROPIC_PROXY", GATEWAY),
            example="claude-haiku-4-5",
        ),
        Provider(
            "google_genai",
            "langchain_google_genai",
            "google",
            ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
            redirecting=(
                "GOOGLE_GEMINI_BASE_URL",
                "GOOGLE_VERTEX_BASE_URL",
                "GOOGLE_GENAI_USE_VERTEXAI",
                GATEWAY,
            ),
            example="gemini-2.5-flash",
        ),
        Provider(
            "bedrock_converse",
            "langchain_aws",
            "bedrock",
            redirecting=("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", GATEWAY),
            example="amazon.nova-lite-v1:0",
        ),
        Provider(
            "ollama",
            "langchain_ollama",
            "ollama",
            url="http://127.0.0.1:11434",
            redirecting=("OLLAMA_HOST", GATEWAY),
            example="llama3.2",
        ),
    )
}
