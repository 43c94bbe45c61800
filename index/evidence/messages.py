"""Message codes of what is wrong with a proof, a manifest, a key or a time stamp."""

from __future__ import annotations

from enum import StrEnum


class ProofProblem(StrEnum):
    """Why a proof is refused, with its parameters; `number` is a manifest's, `file` a name in the proof."""

    NOT_PROOF = "proof.not_proof"
    CHANGED = "proof.changed"  # file
    MALFORMED = "proof.malformed"  # file
    LACKING = "proof.lacking"  # file
    OTHER_RECORD = "proof.other_record"
    NOT_INCLUDED = "proof.not_included"  # file, number
    CHAIN = "proof.chain"  # number
    SIGNATURE = "proof.signature"  # number
    OTHER_KEY = "proof.other_key"  # number, key: id of the key that signed, yours: of the one that was given
    UNSIGNED = "proof.unsigned"
    STAMP = "proof.stamp"  # number, error
    UNSTAMPED = "proof.unstamped"
    NOT_PUBLISHED = "proof.not_published"  # hash


class ManifestProblem(StrEnum):
    """What is wrong with a manifest of an archive, or what keeps one from being written or proven."""

    MALFORMED = "manifest.malformed"  # number
    CHAIN = "manifest.chain"  # number
    ENTRIES = "manifest.entries"  # number
    ROOT = "manifest.root"  # number
    SIGNATURE = "manifest.signature"  # number
    STAMP = "manifest.stamp"  # number
    READING = "manifest.reading"  # article, version, reading, number
    NOT_COVERED = "manifest.not_covered"
    SECRET_KEY = "manifest.secret_key"  # file
    ENCRYPTED_KEY = "manifest.encrypted_key"  # file
    PUBLIC_KEY = "manifest.public_key"  # given
    AUTHORITY = "manifest.authority"  # url, error
    CERTIFICATES = "manifest.certificates"  # file
    NO_OPENSSL = "manifest.no_openssl"
    OTHER_THERE = "manifest.other_there"  # file
