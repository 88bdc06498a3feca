//! Records of other services: most of any trail.

use std::fmt::Write as _;

use fastrand::Rng;

use crate::people::{ACCOUNT, Estate, REGION};
use crate::uuid;

/// Service, call, and whether it only reads.
const CALLS: [(&str, &str, bool); 12] = [
    ("ec2.amazonaws.com", "DescribeInstances", true),
    ("ec2.amazonaws.com", "DescribeNetworkInterfaces", true),
    ("kms.amazonaws.com", "Decrypt", true),
    ("kms.amazonaws.com", "GenerateDataKey", true),
    ("logs.amazonaws.com", "DescribeLogStreams", true),
    ("autoscaling.amazonaws.com", "DescribeAutoScalingGroups", true),
    ("elasticloadbalancing.amazonaws.com", "DescribeTargetHealth", true),
    ("ssm.amazonaws.com", "UpdateInstanceInformation", false),
    ("monitoring.amazonaws.com", "DescribeAlarms", true),
    ("s3.amazonaws.com", "GetBucketLocation", true),
    ("dynamodb.amazonaws.com", "DescribeTable", true),
    ("ecr.amazonaws.com", "DescribeImages", true),
];

pub(crate) fn record(rng: &mut Rng, estate: &Estate, time: &str, out: &mut String) {
    let session = &estate.sessions[rng.usize(..estate.sessions.len())];
    let (source, name, read_only) = CALLS[rng.usize(..CALLS.len())];
    let service = source.split('.').next().unwrap_or_default();
    let _ = write!(
        out,
        "{{\"eventVersion\":\"1.11\",\"userIdentity\":{},\"eventTime\":\"{time}\",\"eventSource\":\"{source}\",\
         \"eventName\":\"{name}\",\"awsRegion\":\"{REGION}\",\"sourceIPAddress\":\"{}\",\
         \"userAgent\":\"Boto3/1.34.106 md/Botocore#1.34.106 ua/2.0 os/linux#5.10.0 md/arch#x86_64 lang/python#3.11.8\",\
         \"requestParameters\":",
        session.identity(false),
        session.address
    );
    parameters(rng, service, out);
    let _ = write!(
        out,
        ",\"responseElements\":null,\"requestID\":\"{}\",\"eventID\":\"{}\",\"readOnly\":{read_only},",
        uuid(rng),
        uuid(rng)
    );
    if service == "kms" {
        let _ = write!(
            out,
            "\"resources\":[{{\"accountId\":\"{ACCOUNT}\",\"type\":\"AWS::KMS::Key\",\
             \"ARN\":\"arn:aws:kms:{REGION}:{ACCOUNT}:key/{}\"}}],",
            uuid(rng)
        );
    }
    let _ = write!(
        out,
        "\"eventType\":\"AwsApiCall\",\"managementEvent\":true,\"recipientAccountId\":\"{ACCOUNT}\",\
         \"eventCategory\":\"Management\",\"tlsDetails\":{{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\
         \"clientProvidedHostHeader\":\"{service}.{REGION}.amazonaws.com\"}}}}"
    );
}

fn parameters(rng: &mut Rng, service: &str, out: &mut String) {
    let _ = match service {
        "ec2" => write!(
            out,
            "{{\"instancesSet\":{{\"items\":[{{\"instanceId\":\"i-{:017x}\"}},{{\"instanceId\":\"i-{:017x}\"}}]}},\
             \"filterSet\":{{\"items\":[{{\"name\":\"instance-state-name\",\"valueSet\":{{\"items\":[{{\"value\":\"running\"}}]}}}}]}}}}",
            rng.u64(..) >> 4,
            rng.u64(..) >> 4
        ),
        "kms" => write!(
            out,
            "{{\"encryptionAlgorithm\":\"SYMMETRIC_DEFAULT\",\"encryptionContext\":{{\"aws:s3:arn\":\
             \"arn:aws:s3:::example-bucket/{:016x}\",\"note\":\"a \\\"quoted\\\" name\"}}}}",
            rng.u64(..)
        ),
        "logs" => write!(
            out,
            "{{\"logGroupName\":\"/aws/lambda/function-{}\",\"limit\":50,\"descending\":true}}",
            rng.u16(..)
        ),
        "ssm" => write!(out, "{{\"instanceId\":\"i-{:017x}\",\"agentVersion\":\"3.3.551.0\"}}", rng.u64(..) >> 4),
        _ => write!(out, "null"),
    };
}
