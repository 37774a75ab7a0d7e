"""Label a bucket on 20 spot instances of EC2, each with one core."""

import sys

from beside import run_beside
from dask_cloudprovider.aws import EC2Cluster

if __name__ == "__main__":
    with EC2Cluster(
        n_workers=20,
        instance_type="c7a.medium",
        spot=True,
        docker_image="registry.example/bucketlens:1",
        iam_instance_profile={"Name": "bucketlens"},  # with a role for both buckets
        vpc="vpc-0123456789abcdef0",
        subnet_id="subnet-0123456789abcdef0",  # a private one, which this machine reaches
        security_groups=["sg-0123456789abcdef0"],  # lets in itself and this machine, no others
        use_private_ip=True,
        worker_options={"nthreads": 1},
        env_vars={"AWS_REGION": "eu-central-1"},
    ) as cluster:
        sys.exit(run_beside(cluster, ["s3://photos", "s3://labels"]))
