#!/bin/sh
# obstore raises FileNotFoundError for an object of a bucket that does not exist, as for one that is not in its bucket.
#
# Seen with obstore 0.12.1 and the server of moto 5.2.5. Whoever takes FileNotFoundError for "this object is lost" declares a
# whole archive lost when its bucket is misspelt, or the credentials are those of another account. Only the text of the
# error tells the two apart, by the S3 error code in it. Nor is a range that goes past the end of an object an error:
#
#     an object that is not there -> FileNotFoundError NoSuchKey
#     an object of a bucket that is not there -> FileNotFoundError NoSuchBucket
#     bytes 2 to 10 of an object of 4 -> 2 bytes
#
# Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check obstore==0.12.1 'moto[s3,server]==5.2.5'
AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import os
import re
import sys
import urllib.request

import obstore
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"
urllib.request.urlopen(urllib.request.Request(f"{endpoint}/there", method="PUT")).close()


def told(bucket, name, start, length):
    store = S3Store(bucket, endpoint=endpoint, region="us-east-1", client_options={"allow_http": True})
    try:
        return f"{len(obstore.get_range(store, name, start=start, length=length))} bytes"
    except Exception as error:
        return f"{type(error).__name__} {re.search('<Code>(.*?)</Code>', str(error))[1]}"


there = S3Store("there", endpoint=endpoint, region="us-east-1", client_options={"allow_http": True})
obstore.put(there, "object", b"1234")
seen = [told("there", "none", 0, 4), told("not-there", "none", 0, 4), told("there", "object", 2, 8)]
print("\n".join(seen))
sys.stdout.flush()
os._exit(seen != ["FileNotFoundError NoSuchKey", "FileNotFoundError NoSuchBucket", "2 bytes"])  # the server's threads live on
PYTHON
