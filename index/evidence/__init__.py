"""Evidence that others can check without the archive: Merkle trees, manifests, signatures, time stamps and proofs.

Plain functions of bytes; `index/archive/manifests.py` stores what they make, `docs/evidence.md` describes the forms.
"""
