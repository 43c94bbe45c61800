"""What the commands do, one file a group; `crawler/cli/app.py` names them."""
