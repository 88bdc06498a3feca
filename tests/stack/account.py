"""What an account that gets layerguard has already: an alert topic, someone who reads it, and a bucket for uploads."""

import json

import boto3
from botocore.config import Config

from settings import ACCOUNT, ROOT_KEY, ROOT_SECRET, Settings


def client(settings: Settings, service: str, credentials: tuple[str, str, str | None] = (ROOT_KEY, ROOT_SECRET, None)):
    """A boto3 client of the stack, as the account's root unless `(key id, secret, session token)` are given.

    A person's own AWS settings play no part.
    """
    key, secret, token = credentials
    return boto3.session.Session().client(
        service,
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"max_attempts": 3}, connect_timeout=5, read_timeout=60, s3={"addressing_style": "path"}),
    )


def prepare(settings: Settings) -> None:
    """Creates what is missing; safe to repeat."""
    client(settings, "sns").create_topic(Name=settings.topic)
    _inbox(settings)
    s3 = client(settings, "s3")
    if settings.bucket not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=settings.bucket)


def _inbox(settings: Settings) -> None:
    """A queue that receives what is published, so that the demo and the tests can read the alerts."""
    sqs, sns = client(settings, "sqs"), client(settings, "sns")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AlertsArrive",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": settings.queue_arn,
                "Condition": {
                    "ArnEquals": {"aws:SourceArn": settings.topic_arn},
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                },
            }
        ],
    }
    url = sqs.create_queue(QueueName=settings.queue)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    known = sns.list_subscriptions_by_topic(TopicArn=settings.topic_arn)["Subscriptions"]
    if settings.queue_arn not in [subscription["Endpoint"] for subscription in known]:
        sns.subscribe(TopicArn=settings.topic_arn, Protocol="sqs", Endpoint=settings.queue_arn)
