"""Label a bucket on 20 tasks of Fargate, each with one core."""

import sys

from beside import run_beside
from dask_cloudprovider.aws import FargateCluster

if __name__ == "__main__":
    with FargateCluster(
        n_workers=20,
        image="registry.example/bucketlens:1",
        fargate_spot=True,
        scheduler_cpu=1024,
        scheduler_mem=4096,
        worker_cpu=1024,
        worker_mem=2048,
        worker_nthreads=1,
        task_role_arn="arn:aws:iam::123456789012:role/bucketlens",  # with rights on both buckets
        vpc="vpc-0123456789abcdef0",
        subnets=["subnet-0123456789abcdef0"],  # private ones, which this machine reaches
        security_groups=["sg-0123456789abcdef0"],  # lets in itself and this machine, no others
        fargate_use_private_ip=True,
        environment={"AWS_REGION": "eu-central-1"},
    ) as cluster:
        sys.exit(run_beside(cluster, ["s3://photos", "s3://labels"]))
