"""The catalog: what all records say, in a few Parquet files that answer questions at once.

Everything here is derived from the records and can be made again from them at any time.
"""
