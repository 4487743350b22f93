"""The store of the local stack: the ClickHouse engine in this process, behind ClickHouse's own HTTP protocol.

server.py         HTTP: who may speak, one request after the other, a clean end
request.py        what a request asks; whether a web page made it
credentials.py    who is who
body.py, form.py  bodies by length or in chunks, packed or not; forms
reader.py         a reader's statement: formatted by the engine, judged, run without any right to change
gate.py           pure: may a reader run what the engine's parser saw?
writer.py         the writer's statement; the data of an insert goes through a file
statements.py     pure: where an insert's data and the output clause are
engine.py         the engine: a connection per statement, its lock
configuration.py  the engine's configuration, its two roles, the readers' caps
response.py       headers, errors and encodings of an answer; status.py and framing.py are its tables and blocks
"""
