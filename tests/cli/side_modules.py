"""WebAssembly side modules of a few instructions, written byte by byte, so that tests need no compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

I32 = 0x7F
ANSWER = 41
_NAME_AT, _CONSTANT_AT, _MEMORY_SIZE = 52, 64, 80
"""Offsets in the data of the extension module: after its PyModuleDef of 52 bytes."""
_API_VERSION = 1013


def shared_library() -> bytes:
    """A library whose function `tiny_answer` gives `ANSWER`."""
    return _module(
        needed=(),
        memory_size=0,
        types=[_function_type(0, 1)],
        imports=[],
        exported="tiny_answer",
        code=bytes([0x41, ANSWER]),
    )


def extension_module(name: str, library: str) -> bytes:
    """The extension module *name*, whose constant ANSWER is what `tiny_answer` of *library* gives."""
    base = b"\x23\x00"  # global.get __memory_base
    code = b"".join(
        [
            base + base + _const(_NAME_AT) + b"\x6a" + b"\x36\x02" + _number(20),  # def.m_name = base + _NAME_AT
            base + _const(_API_VERSION) + b"\x10\x01" + b"\x22\x00",  # module = PyModule_Create2(def, version)
            base + _const(_CONSTANT_AT) + b"\x6a" + b"\x10\x00",  # "ANSWER", tiny_answer()
            b"\x10\x02\x1a\x20\x00",  # PyModule_AddIntConstant; drop; module
        ]
    )
    data = bytearray(_MEMORY_SIZE)
    data[0:4] = (1).to_bytes(4, "little")
    data[28:32] = b"\xff\xff\xff\xff"  # m_size = -1
    data[_NAME_AT : _NAME_AT + len(name)] = name.encode()
    data[_CONSTANT_AT : _CONSTANT_AT + 6] = b"ANSWER"
    return _module(
        needed=(library,),
        memory_size=_MEMORY_SIZE,
        types=[_function_type(0, 1), _function_type(2, 1), _function_type(3, 1)],
        imports=[
            _import("memory", b"\x02\x00\x00"),
            _import("__memory_base", bytes([0x03, I32, 0])),
            _import("tiny_answer", b"\x00\x00"),
            _import("PyModule_Create2", b"\x00\x01"),
            _import("PyModule_AddIntConstant", b"\x00\x02"),
        ],
        exported=f"PyInit_{name}",
        code=code,
        function=3,
        locals_=1,
        data=bytes(data),
    )


def _module(  # noqa: PLR0913 - the sections
    *,
    needed: Iterable[str],
    memory_size: int,
    types: list[bytes],
    imports: list[bytes],
    exported: str,
    code: bytes,
    function: int = 0,
    locals_: int = 0,
    data: bytes = b"",
) -> bytes:
    libraries = [_text(name) for name in needed]
    dylink = _text("dylink.0") + _section(1, _number(memory_size) + b"\x02\x00\x00")
    if libraries:
        dylink += _section(2, _list(libraries))
    body = (b"\x01" + _number(locals_) + bytes([I32]) if locals_ else b"\x00") + code + b"\x0b"
    sections = [
        _section(0, dylink),
        _section(1, _list(types)),
        _section(2, _list(imports)) if imports else b"",
        _section(3, _list([b"\x00"])),
        _section(7, _list([_text(exported) + b"\x00" + _number(function)])),
        _section(10, _list([_number(len(body)) + body])),
        _section(11, _list([b"\x00\x23\x00\x0b" + _number(len(data)) + data])) if data else b"",
    ]
    return b"\0asm\x01\0\0\0" + b"".join(sections)


def _function_type(parameters: int, results: int) -> bytes:
    return b"\x60" + _number(parameters) + bytes([I32]) * parameters + _number(results) + bytes([I32]) * results


def _import(name: str, kind: bytes) -> bytes:
    return _text("env") + _text(name) + kind


def _const(value: int) -> bytes:
    """`i32.const`, whose number is signed."""
    return b"\x41" + (bytes([value]) if value < 64 else bytes([(value & 0x7F) | 0x80, value >> 7]))


def _section(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + _number(len(content)) + content


def _list(entries: list[bytes]) -> bytes:
    return _number(len(entries)) + b"".join(entries)


def _text(text: str) -> bytes:
    return _number(len(text)) + text.encode()


def _number(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append((value & 0x7F) | 0x80)
        value >>= 7
    return bytes([*encoded, value])
