"""What the commands do, one file a group; `crawler/cli.py` names them."""
