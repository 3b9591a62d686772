"""Blobs and files: bytes with a type, held by JavaScript."""

from __future__ import annotations

from builtins import bytes as _bytes
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from _workflows_bridge.proxies import js, kind_of, to_js, to_options, to_uint8_array

from ._types import JSObject

if TYPE_CHECKING:
    from typing import Self

BlobValue: TypeAlias = Union[str, _bytes, bytearray, memoryview, "Blob", JSObject]
"""What a blob can be made of."""


class BlobEnding(StrEnum):
    """What becomes of line ends in text: kept, or made those of the system."""

    TRANSPARENT = "transparent"
    NATIVE = "native"


class Blob:
    """Bytes with a content type."""

    def __init__(
        self,
        blob_parts: Iterable[BlobValue] | BlobValue,
        content_type: str | None = None,
        endings: BlobEnding | str | None = None,
    ) -> None:
        """
        Put *blob_parts*, one or several, together.

        A single blob gives its content type on, unless another is given.
        """
        parts, single = _to_parts(blob_parts)
        if single is not None:
            content_type = content_type or single.type
        self._js_blob = js().Blob.new(parts, to_options({"type": content_type, "endings": _text(endings)}))

    @classmethod
    def _wrap(cls, js_blob: JSObject) -> Self:
        """Get *js_blob* as it is."""
        blob = cls.__new__(cls)
        blob._js_blob = js_blob  # noqa: SLF001 - our own
        return blob

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return int(self._js_blob.size)

    @property
    def content_type(self) -> str:
        """Its media type, or an empty string."""
        return str(self._js_blob.type)

    @property
    def js_object(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """The JavaScript object."""
        return self._js_blob

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, content_type={self.content_type!r})"

    async def text(self) -> str:
        """Get the content, which has to be UTF-8, as text."""
        return str(await self._js_blob.text())

    async def bytes(self) -> _bytes:
        """Get the content."""
        return _bytes((await self._js_blob.arrayBuffer()).to_bytes())

    def slice(self, start: int | None = None, end: int | None = None, content_type: str | None = None) -> Blob:
        """Get the part from *start* to before *end*; negative numbers count from the end."""
        size = self.size
        return Blob._wrap(
            self._js_blob.slice(0 if start is None else start, size if end is None else end, content_type or "")
        )


class File(Blob):
    """A blob with a file name and a time."""

    def __init__(
        self,
        blob_parts: Iterable[BlobValue] | BlobValue,
        filename: str,
        content_type: str | None = None,
        endings: BlobEnding | str | None = None,
        last_modified: int | None = None,
    ) -> None:
        """
        Put *blob_parts*, one or several, together.

        A single file gives its content type and time on, unless others are given.

        Args:
            blob_parts: What it is made of.
            filename: Its name.
            content_type: Its media type.
            endings: What becomes of line ends in text.
            last_modified: Milliseconds since 1970; the present if absent.
        """
        parts, single = _to_parts(blob_parts)
        if single is not None:
            content_type = content_type or single.type
            if last_modified is None and kind_of(single) == "File":
                last_modified = single.lastModified
        options = {"type": content_type, "endings": _text(endings), "lastModified": last_modified}
        self._js_blob = js().File.new(parts, filename, to_options(options))

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._js_blob.name)

    @property
    def last_modified(self) -> int:
        """When it was last modified, in milliseconds since 1970."""
        return int(self._js_blob.lastModified)


def wrap_blob(js_blob: JSObject) -> Blob:
    """Get a JavaScript Blob or File as ours."""
    return File._wrap(js_blob) if kind_of(js_blob) == "File" else Blob._wrap(js_blob)  # noqa: SLF001 - our own


def _text(endings: BlobEnding | str | None) -> str | None:
    return None if endings is None else BlobEnding(endings).value


def _to_parts(blob_parts: object) -> tuple[Any, Any]:
    """The JavaScript array of the parts, and the JavaScript blob if it is the only one."""
    is_single = isinstance(blob_parts, (str, bytes, bytearray, memoryview, Blob)) or kind_of(blob_parts) is not None
    if not is_single and not isinstance(blob_parts, Iterable):
        raise TypeError(f"Blob cannot hold a {type(blob_parts).__name__}. Use str, bytes or another Blob.")
    parts: Iterable[Any] = [blob_parts] if is_single else blob_parts  # type: ignore[assignment]  # an Iterable, as seen
    array = js().Array.new()
    for part in parts:
        array.push(_to_part(part))
    single = array[0] if is_single and kind_of(array[0]) in {"Blob", "File"} else None
    return array, single


def _to_part(part: object) -> Any:  # noqa: ANN401 - JavaScript's own
    if isinstance(part, str):
        return part
    if isinstance(part, (bytes, bytearray, memoryview)):
        return to_uint8_array(part)
    if isinstance(part, Blob) or kind_of(part) is not None:
        return to_js(part)
    raise TypeError(f"Blob cannot hold a {type(part).__name__}. Use str, bytes or another Blob.")
