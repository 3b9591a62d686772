"""What is done to the heap image of the component: a small one, made by hand."""

from __future__ import annotations

import struct

import pytest

from .conftest import ROOT, load

immortal = load("stepwell_immortal", ROOT / "runtime/wasmtime/immortal.py")
build = load("stepwell_build", ROOT / "runtime/wasmtime/build.py")

COUNTED, SHARED, OLD = 1000, 1008, 2_000_000
NEVER_COUNTED = 5 << 28
WHERE = 4000
A_TYPE, THE_TYPE = 500, 600


def leb(number):
    out = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def signed(number):
    """As LEB128 with a sign has a number that has none."""
    text = leb(number)
    return text[:-1] + bytes([text[-1] | 0x80, 0]) if text[-1] & 0x40 else text


def section(kind, content):
    return bytes([kind]) + leb(len(content)) + content


def listed(*addresses):
    return immortal.MARK + struct.pack(f"<{len(addresses) + 1}I", len(addresses), *addresses)


def make(segments, header=b"\x00\x41"):
    """A component of one module, whose memory has *segments*: bytes by address."""
    types = {A_TYPE: an_object(1, THE_TYPE), THE_TYPE: an_object(1, THE_TYPE)}
    data = leb(len(segments) + len(types)) + b"".join(
        header + signed(address) + b"\x0b" + leb(len(content)) + content
        for address, content in {**types, **segments}.items()
    )
    module = b"\x00asm\x01\x00\x00\x00" + section(1, b"types") + section(11, data)
    return bytearray(b"\x00asm\x0d\x00\x01\x00" + section(7, b"a type") + section(1, module) + section(0, b"end"))


def an_object(count, kind=A_TYPE):
    return struct.pack("<II", count, kind)


@pytest.fixture
def component():
    return make(
        {
            COUNTED: an_object(1) + an_object(12345),
            OLD: an_object(7 << 28) + b"and more",
            # The mark is in the code that writes it, too.
            3000: immortal.MARK + b"\xff\xff\xff\xff and then code",
            WHERE: listed(COUNTED, SHARED, OLD),
        }
    )


def test_objects_are_counted_no_more(component):
    before = bytes(component)
    assert immortal.make_immortal(component) == 2
    assert an_object(NEVER_COUNTED) + an_object(NEVER_COUNTED) in component
    assert len(component) == len(before)


def test_what_is_immortal_stays_as_it_is(component):
    immortal.make_immortal(component)
    assert an_object(7 << 28) + b"and more" in component


@pytest.mark.parametrize("kind", [9, A_TYPE + 4], ids=["no address", "no type"])
def test_what_is_no_object(kind):
    """One of a thousand is enough to know that the list is not of this image: nothing is written."""
    others = {COUNTED + 8 * number: an_object(1) for number in range(100)}
    component = make({**others, 3000: an_object(5, kind), WHERE: listed(*others, 3000)})
    before = bytes(component)

    with pytest.raises(immortal.UnknownHeapImage, match="Of 101 objects in the component only 100 look like objects"):
        immortal.make_immortal(component)
    assert component == before


def test_count_in_several_pieces_stays_as_it_is():
    """The file has no place for a new one where it has only a part of the old one, for the rest is zero."""
    pieces = {COUNTED: an_object(1), 2000: b"\x02", 2004: struct.pack("<I", A_TYPE), WHERE: listed(COUNTED, 2000)}
    component = make(pieces)

    assert immortal.make_immortal(component) == 1
    assert signed(2000) + b"\x0b" + leb(1) + b"\x02" in component


def test_list_is_wiped_out(component):
    immortal.make_immortal(component)
    assert listed(COUNTED, SHARED, OLD) not in component
    assert component.count(immortal.MARK) == 1


def test_list_in_several_pieces():
    """Where there are only zeros for a while the file has nothing."""
    text = listed(COUNTED, 0x10000)
    pieces = {WHERE: text[:-2], WHERE + len(text): b"after", COUNTED: an_object(1), 0x10000: an_object(1)}
    pieces[WHERE + len(text) - 2] = text[-2:]
    assert immortal.make_immortal(make(pieces)) == 2


@pytest.mark.parametrize("count", [0, 3_000_000], ids=["none", "more than there can be"])
def test_other_python(count):
    """Where the objects do not begin as expected, nothing is written."""
    component = make({COUNTED: an_object(count), WHERE: listed(COUNTED)})
    before = bytes(component)
    with pytest.raises(immortal.UnknownHeapImage, match="Of 1 objects in the component only 0 look like objects"):
        immortal.make_immortal(component)
    assert component == before


def test_no_list():
    with pytest.raises(immortal.UnknownHeapImage, match="no list"):
        immortal.make_immortal(make({COUNTED: an_object(1)}))


def test_no_data():
    with pytest.raises(immortal.UnknownHeapImage, match="no module with data"):
        immortal.make_immortal(bytearray(b"\x00asm\x0d\x00\x01\x00" + section(7, b"a type")))


def test_data_at_places_that_are_computed():
    with pytest.raises(immortal.UnknownHeapImage, match="of another kind"):
        immortal.make_immortal(make({COUNTED: an_object(1)}, header=b"\x00\x23"))


def test_another_layout_is_left_as_it_is(component, tmp_path, capsys):
    """The component works without: it is built all the same, with a line that says so."""
    place = tmp_path / "component.wasm"
    for content in (component[: len(component) // 2], component.replace(immortal.MARK, b"no such list at all"), b""):
        place.write_bytes(content)

        build.make_objects_immortal(place)

        assert content == place.read_bytes()
        said = capsys.readouterr().err
        assert said.startswith("stepwell: instances of the wasmtime runtime will need more memory and start slower: ")
        assert 1 == said.count("\n")


def test_shipped_component_is_of_the_known_layout():
    """Else a new componentize-py has cost the fast path, with no more than a warning."""
    component = bytearray(build.find().read_bytes())
    image = immortal._HeapImage(component)  # noqa: SLF001

    # The list of the objects has been wiped out, which is done last.
    with pytest.raises(immortal.UnknownHeapImage, match="no list of its objects"):
        immortal._take_list(image)  # noqa: SLF001
