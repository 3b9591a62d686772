"""Form data: names with text or files, several of one name allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, TypeAlias

from _workflows_bridge.proxies import js, kind_of, none_if_null

from ._blob import Blob, wrap_blob
from ._types import JSObject

FormDataValue: TypeAlias = str | Blob | JSObject
"""Text, or a blob of ours or of JavaScript's."""


class FormData(MutableMapping[str, FormDataValue]):
    """The fields of a form, in order. A name may come several times: `get_all` gives all its values."""

    def __init__(self, form_data: JSObject | Mapping[str, FormDataValue] | None = None) -> None:
        """Start with the fields of *form_data*; a FormData of JavaScript's is used as it is."""
        self._js_form_data: Any
        if kind_of(form_data) == "FormData":
            self._js_form_data = form_data
            return
        self._js_form_data = js().FormData.new()
        if form_data is None:
            return
        if not isinstance(form_data, Mapping):
            raise TypeError(f"FormData cannot be made of a {type(form_data).__name__}. Use a dict.")
        for key, value in form_data.items():
            self.append(key, value)

    @property
    def js_object(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """The JavaScript object."""
        return self._js_form_data

    def __getitem__(self, key: str) -> FormDataValue:
        value = none_if_null(self._js_form_data.get(key))
        if value is None:
            raise KeyError(key)
        return _from_js(value)

    def __setitem__(self, key: str, value: FormDataValue) -> None:
        self._js_form_data.set(key, _to_js(value))

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self.delete(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(self._js_form_data.has(key))

    def __iter__(self) -> Iterator[str]:
        for key, _value in self._pairs():
            yield key

    def __len__(self) -> int:
        return len(self._pairs())

    def __repr__(self) -> str:
        return f"FormData({list(self.items())!r})"

    def append(self, key: str, value: FormDataValue, filename: str | None = None) -> None:
        """Add a field, beside those that have the same name."""
        if filename is None:
            self._js_form_data.append(key, _to_js(value))
        else:
            self._js_form_data.append(key, _to_js(value), filename)

    def delete(self, key: str) -> None:
        """Remove all fields of this name, if there are any."""
        self._js_form_data.delete(key)

    def get_all(self, key: str) -> list[FormDataValue]:
        """Get the values of all fields of this name."""
        return [_from_js(value) for value in self._js_form_data.getAll(key)]

    def keys(self) -> Iterator[str]:  # type: ignore[override]  # a name may come several times, as upstream
        """Go through the names."""
        return iter(self)

    def values(self) -> Iterator[FormDataValue]:  # type: ignore[override]  # likewise
        """Go through the values."""
        for _key, value in self._pairs():
            yield _from_js(value)

    def items(self) -> Iterator[tuple[str, FormDataValue]]:  # type: ignore[override]  # likewise
        """Go through names and values."""
        for key, value in self._pairs():
            yield key, _from_js(value)

    def _pairs(self) -> list[Any]:
        return list(getattr(js().Array, "from")(self._js_form_data))


def _to_js(value: object) -> Any:  # noqa: ANN401 - JavaScript's own
    if isinstance(value, Blob):
        return value.js_object
    if isinstance(value, (str, int, float)) or kind_of(value) in {"Blob", "File"}:
        return value
    raise TypeError(f"FormData cannot hold a {type(value).__name__}. Use str, Blob or File.")


def _from_js(value: Any) -> FormDataValue:  # noqa: ANN401 - JavaScript's own
    return value if isinstance(value, str) else wrap_blob(value)
