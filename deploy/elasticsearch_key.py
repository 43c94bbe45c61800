"""Makes an API key for Arshif: what `arshif index role` prints on standard input, the key on standard output.

It asks ARSHIF_INDEX__URL as the user `elastic`, with ELASTIC_PASSWORD; Arshif itself never sees that password.
"""

import base64
import json
import os
import sys
import urllib.request

user = base64.b64encode(f"elastic:{os.environ['ELASTIC_PASSWORD']}".encode()).decode()
asked = urllib.request.Request(
    f"{os.environ['ARSHIF_INDEX__URL']}/_security/api_key",
    data=sys.stdin.buffer.read(),
    headers={"Content-Type": "application/json", "Authorization": f"Basic {user}"},
)
with urllib.request.urlopen(asked, timeout=30) as answer:
    print(json.load(answer)["encoded"])
