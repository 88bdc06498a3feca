"""The peers of a replay, one in each run: every one counts the layers that unlisted principals downloaded, in all logs of a folder.

    readers.py duckdb|polars FOLDER      prints the count
"""

import glob
import gzip
import io
import sys

LISTED = r"arn:aws:iam::111122223333:role/(eks-node-[^/]*|ci/build-[^/]*|task-[^/]*)"

JQ = f"""
reduce (inputs.Records[] | select(
    .eventSource == "ecr.amazonaws.com" and .eventName == "GetDownloadUrlForLayer" and .errorCode == null
    and ((.userIdentity.sessionContext.sessionIssuer.arn // "") | test("^{LISTED}$") | not)
)) as $record (0; . + 1)
"""

SQL = f"""
SELECT count(*) FROM (
    SELECT unnest("Records") AS r
    FROM read_json('{{folder}}/*/*.json.gz', columns = {{{{Records: 'JSON[]'}}}}, maximum_object_size = 268435456)
)
WHERE r->>'$.eventSource' = 'ecr.amazonaws.com' AND r->>'$.eventName' = 'GetDownloadUrlForLayer'
  AND r->>'$.errorCode' IS NULL
  AND NOT regexp_full_match(r->>'$.userIdentity.sessionContext.sessionIssuer.arn', '{LISTED}')
"""


def duckdb(folder: str) -> int:
    """With SQL over the files, on one thread."""
    import duckdb as engine

    engine.sql("SET threads = 1")
    return engine.sql(SQL.format(folder=folder)).fetchall()[0][0]


def polars(folder: str) -> int:
    """With data frames, a file at a time, of the members that are asked about alone. `POLARS_MAX_THREADS` is the caller's."""
    import polars as pl

    issuer = pl.Struct({"sessionContext": pl.Struct({"sessionIssuer": pl.Struct({"arn": pl.String})})})
    members = {"eventSource": pl.String, "eventName": pl.String, "errorCode": pl.String, "userIdentity": issuer}
    schema = {"Records": pl.List(pl.Struct(members))}
    arn = pl.col("userIdentity").struct.field("sessionContext").struct.field("sessionIssuer").struct.field("arn")
    is_hit = (
        (pl.col("eventSource") == "ecr.amazonaws.com")
        & (pl.col("eventName") == "GetDownloadUrlForLayer")
        & pl.col("errorCode").is_null()
        & ~arn.str.contains(f"^(?:{LISTED})$")
    )
    count = 0
    for path in sorted(glob.glob(f"{folder}/*/*.json.gz")):
        with gzip.open(path) as file:
            frame = pl.read_json(io.BytesIO(file.read()), schema=schema)
        count += frame.explode("Records").unnest("Records").filter(is_hit).height
    return count


if __name__ == "__main__":
    print({"duckdb": duckdb, "polars": polars}[sys.argv[1]](sys.argv[2]))
