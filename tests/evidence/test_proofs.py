"""Proofs: whole ones hold on any machine, with our command and without it; no byte of one can be changed or forged."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import ArshifError
from index.evidence import merkle, minisign, proofs
from index.evidence.forms import canonical, parse_manifest
from index.evidence.messages import ProofProblem
from index.evidence.proofs import BadProof, Link, Proof, check, pack, unpack
from index.model.message import Message
from tests.support.proven import Proven, day, text
from tests.support.requirements import missing
from tests.support.time_authority import Authority, authority

DOC = Path(__file__).parents[2] / "docs" / "evidence.md"
SECRET = minisign.SecretKey(b"12345678", bytes(32))
SIZES = (5, 1, 3)  # articles stored on each of the days


@dataclass(frozen=True)
class Made:
    """A proof, and all that it leads to."""

    proof: Proof
    authority: Authority
    hashes: tuple[str, ...]  # of the manifests

    @property
    def data(self) -> bytes:
        return pack(self.proof)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The proof of an article of the first day: the second manifest is signed, the third is signed and stamped."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "secret.key").write_text(SECRET.file)
    with authority(folder / "stamps") as own, Proven(folder) as archive:
        key, stamped = {"signing_key": str(folder / "secret.key")}, {"authority": own.url}
        ids, closed = [], []
        for number, (size, given) in enumerate(zip(SIZES, ({}, key, key | stamped), strict=True)):
            archive.set(**given)
            ids += [archive.store(text(10 * number + n), day(10 + number)) for n in range(size)]
            closed += archive.write(day(11 + number)).closed
        assert [one.entries for one in closed] == [2 * size for size in SIZES]
        yield Made(archive.proof(ids[2]), own, tuple(one.digest for one in closed))


def refused(data: bytes, code: str = "", **options: object) -> Message:
    """Why a proof is refused."""
    with pytest.raises(BadProof) as error:
        check(data, **options)  # type: ignore[arg-type]
    assert not code or error.value.message.code == code
    return error.value.message


# --- whole ones ------------------------------------------------------------------------------------------------------


def test_a_proof_says_what_was_read_from_which_page_and_when(made: Made) -> None:
    found = check(made.data)
    assert found.reading["headline"] == "Story 2"
    assert (found.record_url, found.record_date) == ("https://step.example/2", "2026-11-10T12:00:00.000000Z")
    assert (found.manifest.number, found.manifest.day, found.last.number) == (1, "2026-11-10", 3)
    assert found.manifest.digest == made.hashes[0]
    assert found.signed == proofs.Signed(2, SECRET.public.name, trusted=False)
    assert found.stamped is not None
    assert (found.stamped.manifest, found.stamped.stamp.authority, found.stamped.stamp.trusted) == (
        3,
        made.authority.name,
        False,
    )
    assert not found.trusted


def test_what_whoever_checks_knows_from_elsewhere_ties_it_to_an_archive_and_a_time(made: Made) -> None:
    found = check(
        made.data, key=SECRET.public, authorities=made.authority.root.read_bytes(), published=made.hashes[1].upper()
    )
    assert found.signed is not None
    assert found.stamped is not None
    assert found.signed.trusted
    assert found.stamped.stamp.trusted
    assert found.published
    assert check(made.data, key=SECRET.public).trusted
    assert check(made.data, published=made.hashes[2]).trusted


def test_another_key_authority_or_hash_is_refused(made: Made, tmp_path: Path) -> None:
    other = minisign.new_key().public
    told = refused(made.data, ProofProblem.OTHER_KEY, key=other)
    assert told.params == {"number": 2, "key": SECRET.public.name, "yours": other.name}
    with authority(tmp_path / "other", made.authority.name) as foreign:
        refused(made.data, ProofProblem.STAMP, authorities=foreign.root.read_bytes())
    refused(made.data, ProofProblem.NOT_PUBLISHED, published="0" * 64)
    bare = replace(made.proof, links=tuple(Link(link.text) for link in made.proof.links))
    assert not check(pack(bare)).trusted
    refused(pack(bare), ProofProblem.UNSIGNED, key=SECRET.public)
    refused(pack(bare), ProofProblem.UNSTAMPED, authorities=made.authority.root.read_bytes())


def test_a_proof_without_its_record_holds_for_the_reading(made: Made) -> None:
    bare = replace(made.proof, record=None, leaves=made.proof.leaves[:1])
    found = check(pack(bare))
    assert found.record_url is None
    assert found.reading["record"] == merkle.leaf_hash(made.proof.record or b"").hex()


# --- by hand ---------------------------------------------------------------------------------------------------------


def by_hand(folder: Path, made: Made, data: bytes) -> list[subprocess.CompletedProcess[str]]:
    """What each of the documented scripts says, until one fails."""
    told = DOC.read_text("utf-8").partition("### Checking a proof by hand")[2]
    scripts = re.findall(r"```bash\n(.*?)```", told, re.DOTALL)
    assert len(scripts) == 3
    folder.mkdir()
    (folder / "proof.tar").write_bytes(data)
    shutil.copyfile(made.authority.root, folder / "authority.pem")
    ended = []
    for script in scripts:
        command = ["bash", "-euo", "pipefail", "-c", script]
        ended.append(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False))
        if ended[-1].returncode:
            break
    return ended


def test_the_documented_commands_check_a_proof(made: Made, tmp_path: Path) -> None:
    ended = by_hand(tmp_path / "whole", made, made.data)
    assert [one.returncode for one in ended] == [0, 0, 0]
    assert ended[0].stderr == ended[1].stderr == ""
    assert ended[0].stdout == f"OK: the manifest with the SHA-256 {made.hashes[2]}\n"
    assert ended[1].stdout.count("Signature Verified Successfully") == 2
    assert "Verification: OK" in ended[2].stdout


def test_they_check_each_leaf_of_each_tree(tmp_path: Path, made: Made) -> None:
    with Proven(tmp_path) as archive:
        ids = [archive.store(text(n), day(10)) for n in range(4)] + [archive.store(text(9), day(10), raw=False)]
        archive.write(day(11))
        for n, one in enumerate(ids):
            data = pack(archive.proof(one))
            assert check(data).manifest.entries == 9
            assert by_hand(tmp_path / str(n), made, data)[0].returncode == 0


def test_minisign_checks_the_signatures(made: Made, tmp_path: Path) -> None:
    if shutil.which("minisign") is None:
        missing("needs minisign: apt install minisign")
    (tmp_path / "proof.tar").write_bytes(made.data)
    subprocess.run(["tar", "-xf", "proof.tar"], cwd=tmp_path, check=True)
    for number in (2, 3):
        name = f"manifest-{number:06d}.json"
        command = ["minisign", "-Vm", name, "-p", f"{name}.pub"]
        told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert f"Trusted comment: arshif manifest {number} 2026-11-{9 + number}" in told


# --- damage and forgery ----------------------------------------------------------------------------------------------


def test_any_changed_byte_is_refused(made: Made) -> None:
    whole = bytearray(made.data)
    for place in range(0, len(whole), 1 if os.environ.get("ARSHIF_TEST_LONG") else 7):
        whole[place] ^= 1 << place % 8
        refused(bytes(whole))
        whole[place] ^= 1 << place % 8
    assert check(bytes(whole)) == check(made.data)


@settings(deadline=None)
@given(st.data())
def test_any_changed_bytes_are_refused(made: Made, data: st.DataObject) -> None:
    changed = bytearray(made.data)
    for place in data.draw(st.sets(st.integers(0, len(changed) - 1), min_size=1, max_size=9)):
        changed[place] ^= data.draw(st.integers(1, 255))
    refused(bytes(changed))


@settings(deadline=None)
@given(st.data())
def test_any_changed_byte_of_what_is_bound_is_refused_though_the_checksums_are_made_anew(
    made: Made, data: st.DataObject
) -> None:
    files = proofs._files(made.proof)
    bound = [proofs.PROOF, proofs.READING, proofs.RECORD, *(f"manifest-{n:06d}.json" for n in (1, 2, 3))]
    name = data.draw(st.sampled_from(bound))
    changed = bytearray(files[name])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    forged = {one: bytes(changed) if one == name else content for one, content in files.items() if one != proofs.SUMS}
    told = refused(proofs._tar({**forged, proofs.SUMS: proofs._sums(forged).encode()}))
    assert told.code != ProofProblem.CHANGED


@given(st.binary(max_size=3_000))
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    refused(data)


@pytest.mark.parametrize("length", [0, 1, 511, 512, 1_024, 5_000, -1, -512, -1_024])
def test_a_proof_that_is_cut_or_longer_is_refused(made: Made, length: int) -> None:
    refused(made.data[:length])
    refused(made.data + bytes(512))


def link_of(proof: Proof, n: int, **changed: object) -> Proof:
    """The proof with one of its manifests changed."""
    links = [*proof.links]
    links[n] = replace(links[n], **changed)  # type: ignore[arg-type]
    return replace(proof, links=tuple(links))


def leaf_of(proof: Proof, n: int, **changed: object) -> Proof:
    leaves = [*proof.leaves]
    leaves[n] = replace(leaves[n], **changed)  # type: ignore[arg-type]
    return replace(proof, leaves=tuple(leaves))


def other_text(proof: Proof) -> Proof:
    return replace(proof, reading=proof.reading.replace(b"Story 2", b"Story 7"))


def other_record(proof: Proof) -> Proof:
    return replace(proof, record=(proof.record or b"").replace(b"Story 2", b"Story 7"))


def other_root(proof: Proof) -> Proof:
    """A manifest that is made to fit another text: the one after it no longer fits."""
    forged = replace(other_text(proof), record=None, leaves=(replace(proof.leaves[0], index=0, path=()),))
    root = merkle.leaf_hash(forged.reading).hex()
    return link_of(forged, 0, text=replace(parse_manifest(proof.links[0].text), entries=1, root=root).text)


def other_chain(proof: Proof) -> Proof:
    """The same with all manifests after it made anew: their signatures no longer fit."""
    forged = other_root(proof)
    before = parse_manifest(forged.links[0].text)
    for n in (1, 2):
        before = replace(parse_manifest(proof.links[n].text), previous=before.digest)
        forged = link_of(forged, n, text=before.text)
    return forged


def signed_by_another(proof: Proof) -> Proof:
    """The same, signed with a key of the forger's own: the time stamps no longer fit."""
    forged, key = other_chain(proof), minisign.new_key()
    for n in (1, 2):
        signature = key.sign(forged.links[n].text.encode(), "forged")
        forged = link_of(forged, n, signature=signature, key=key.public.file)
    return forged


def without_a_manifest(proof: Proof) -> Proof:
    return replace(proof, links=(proof.links[0], proof.links[2]))


def without_its_manifest(proof: Proof) -> Proof:
    return replace(proof, links=proof.links[1:])


def without_a_key(proof: Proof) -> Proof:
    return link_of(proof, 1, key=None)


def without_a_signature(proof: Proof) -> Proof:
    return link_of(proof, 1, signature=None)


def signature_of_another(proof: Proof) -> Proof:
    return link_of(proof, 1, signature=proof.links[2].signature)


def stamp_of_another(proof: Proof) -> Proof:
    return link_of(proof, 1, stamp=proof.links[2].stamp)


def no_stamp(proof: Proof) -> Proof:
    return link_of(proof, 2, stamp=b"nothing")


def no_reading(proof: Proof) -> Proof:
    """A record where the reading should be: a leaf of the tree as well."""
    leaf = replace(proof.leaves[1], file=proofs.READING)
    return replace(proof, reading=proof.record or b"", record=None, leaves=(leaf,))


FORGERIES: list[tuple[Callable[[Proof], Proof], ProofProblem]] = [
    (other_text, ProofProblem.NOT_INCLUDED),
    (other_record, ProofProblem.OTHER_RECORD),
    (no_reading, ProofProblem.MALFORMED),
    (other_root, ProofProblem.CHAIN),
    (other_chain, ProofProblem.SIGNATURE),
    (signed_by_another, ProofProblem.STAMP),
    (without_a_manifest, ProofProblem.CHAIN),
    (without_its_manifest, ProofProblem.LACKING),
    (without_a_key, ProofProblem.SIGNATURE),
    (without_a_signature, ProofProblem.SIGNATURE),
    (signature_of_another, ProofProblem.SIGNATURE),
    (stamp_of_another, ProofProblem.STAMP),
    (no_stamp, ProofProblem.STAMP),
    (lambda proof: leaf_of(proof, 0, index=proof.leaves[0].index ^ 1), ProofProblem.NOT_INCLUDED),
    (lambda proof: leaf_of(proof, 0, index=10**9), ProofProblem.NOT_INCLUDED),
    (lambda proof: leaf_of(proof, 0, index=-1), ProofProblem.NOT_INCLUDED),
    (lambda proof: leaf_of(proof, 0, path=proof.leaves[0].path[:-1]), ProofProblem.NOT_INCLUDED),
    (lambda proof: leaf_of(proof, 0, path=("no hash",)), ProofProblem.NOT_INCLUDED),
    (lambda proof: leaf_of(proof, 1, path=proof.leaves[0].path), ProofProblem.NOT_INCLUDED),
    (lambda proof: leaf_of(proof, 1, manifest=2), ProofProblem.NOT_INCLUDED),
    (lambda proof: leaf_of(proof, 1, manifest=9), ProofProblem.LACKING),
    (lambda proof: replace(proof, leaves=()), ProofProblem.MALFORMED),
    (lambda proof: replace(proof, leaves=proof.leaves[::-1]), ProofProblem.MALFORMED),
    (lambda proof: replace(proof, leaves=proof.leaves[:1]), ProofProblem.MALFORMED),
    (lambda proof: replace(proof, links=()), ProofProblem.LACKING),
]


@pytest.mark.parametrize(("forge", "problem"), FORGERIES)
def test_a_forgery_with_valid_checksums_is_refused_for_what_is_wrong(
    made: Made, forge: Callable[[Proof], Proof], problem: ProofProblem
) -> None:
    assert forge(made.proof) != made.proof
    refused(pack(forge(made.proof)), problem)


@pytest.mark.parametrize("forge", [other_text, other_record, other_root, other_chain, without_a_manifest])
def test_the_documented_commands_refuse_it_too(made: Made, tmp_path: Path, forge: Callable[[Proof], Proof]) -> None:
    assert by_hand(tmp_path / "forged", made, pack(forge(made.proof)))[-1].returncode != 0


def test_a_forger_who_makes_everything_anew_is_told_by_what_is_known_from_elsewhere(made: Made) -> None:
    forged = signed_by_another(made.proof)
    forged = link_of(forged, 2, stamp=made.authority.stamp(_request(forged.links[2].text)))
    assert check(pack(forged)).trusted is False  # whole in itself, as anybody's archive would be
    refused(pack(forged), ProofProblem.OTHER_KEY, key=SECRET.public)
    refused(pack(forged), ProofProblem.NOT_PUBLISHED, published=made.hashes[2])


def _request(text: str) -> bytes:
    from index.evidence import time_stamps

    return time_stamps.request(text.encode())


def test_a_signature_of_an_earlier_manifest_does_not_vouch_for_a_later_one(tmp_path: Path) -> None:
    """A record of a signed day, and a reading of it of a day that nobody signed."""
    with Proven(tmp_path) as archive:
        (tmp_path / "secret.key").write_text(SECRET.file)
        archive.set(signing_key=str(tmp_path / "secret.key"))
        one = archive.store(text(1), day(10))
        archive.write(day(11))
        archive.set()
        archive.correct(replace(text(1), body="read better", content_hash="better"), day(12))
        archive.write(day(13))
        proof = archive.proof(one, reading=2)
    assert [leaf.manifest for leaf in proof.leaves] == [2, 1]
    found = check(pack(proof))
    assert (found.signed, found.manifest.number) == (None, 2)
    refused(pack(proof), ProofProblem.UNSIGNED, key=SECRET.public)


@pytest.mark.parametrize("mark", [b"0", b"2"])
def test_only_regular_files_are_read(made: Made, mark: bytes) -> None:
    """A member that claims to be a link."""
    data = bytearray(made.data)
    data[156:157] = (
        mark  # the type of the first member, https://www.gnu.org/software/tar/manual/html_node/Standard.html
    )
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 8 * 32 + sum(data[156:512]))
    if mark == b"0":
        assert unpack(bytes(data)) == made.proof
    else:
        refused(bytes(data), ProofProblem.NOT_PROOF)


def test_json_in_another_form_is_refused(made: Made) -> None:
    files = proofs._files(made.proof)
    for name in (proofs.PROOF, proofs.READING, "manifest-000001.json"):
        for changed in (files[name].replace(b",", b", ", 1), files[name][:-1], b"[" * 100_000, b"null", b"\xff"):
            forged = {**files, name: changed}
            forged.pop(proofs.SUMS)
            refused(proofs._tar({**forged, proofs.SUMS: proofs._sums(forged).encode()}))
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}\n'


# --- making them -----------------------------------------------------------------------------------------------------


def test_what_no_manifest_has_yet_is_not_proven(tmp_path: Path) -> None:
    with Proven(tmp_path) as archive:
        one = archive.store(text(1), day(10))
        for _ in range(2):  # without an entry, then with one in a manifest that is still open
            with pytest.raises(ArshifError) as error:
                archive.proof(one)
            assert error.value.message == Message("manifest.not_covered")
            archive.write(day(10, 13))
        archive.write(day(10, 14), today=True)
        assert check(pack(archive.proof(one))).manifest.day == "2026-11-10"


def test_a_proof_leads_no_further_than_it_must_unless_it_is_to(tmp_path: Path) -> None:
    with Proven(tmp_path) as archive:
        ids = []
        for n in range(10, 15):
            ids.append(archive.store(text(n), day(n)))
            archive.write(day(n + 1))
        assert [len(archive.proof(one).links) for one in ids] == [1] * 5
        assert [len(archive.proof(one, to_newest=True).links) for one in ids] == [5, 4, 3, 2, 1]


def test_a_record_that_is_gone_or_damaged_is_left_out(tmp_path: Path) -> None:
    with Proven(tmp_path) as archive:
        ids = [archive.store(text(n), day(10)) for n in range(2)]
        archive.write(day(11))
        archive.sql("UPDATE versions SET raw = NULL WHERE article = ?", ids[0])
        archive.sql("DELETE FROM raws WHERE id NOT IN (SELECT raw FROM versions WHERE raw IS NOT NULL)")
        (file,) = (tmp_path / "data" / "raw").rglob("*.warc.gz")
        file.write_bytes(file.read_bytes()[:-30])
        for one in ids:
            proof = archive.proof(one)
            assert proof.record is None
            assert check(pack(proof)).reading["record"] is not None
