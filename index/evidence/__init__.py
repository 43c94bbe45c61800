"""Evidence that others can check without the archive: Merkle trees, manifests, signatures, time stamps and proofs.

Functions of bytes, of which only `time_stamps.py` needs another program; `index/archive/manifests.py` stores what they
make, `docs/evidence.md` describes the forms.
"""
