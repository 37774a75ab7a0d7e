"""Label a folder on 32 cores that SLURM gives, eight to a job."""

import sys

from beside import run_beside
from dask_jobqueue import SLURMCluster

if __name__ == "__main__":
    with SLURMCluster(
        cores=8,
        processes=8,  # one thread each
        memory="8GB",
        walltime="04:00:00",
        queue="normal",
        interface="ib0",  # of the private network, or eth0
        shared_temp_directory="/shared/you",  # certificates, which only you can read
        protocol="tls",
        security=True,
    ) as cluster:
        cluster.scale(32)
        sys.exit(run_beside(cluster, ["/shared/photos", "/shared/labels"]))
