//! One launch attempt.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{
    Instance as Ec2Instance, ResourceType, ShutdownBehavior, Tag, TagSpecification,
};
use weir_cloud::{CloudError, LaunchRequest};

use crate::errors::{Failure, failure, refused, unknown};
use crate::listing::tag;
use crate::network::{self, Network};
use crate::settings::Ec2Settings;
use crate::{tags, user_data};

/// How the attempt ended.
pub(crate) enum Outcome {
    /// Launched, or found again by its client token.
    Launched(Box<Ec2Instance>),
    /// The client token stands for a launch with other parameters: an instance exists.
    Mismatch,
}

/// Everything a launch asks for, as a call that was not sent.
pub(crate) async fn call(
    client: &Client,
    settings: &Ec2Settings,
    network: &Network,
    request: &LaunchRequest,
) -> Result<RunInstancesFluentBuilder, CloudError> {
    let subnet = network.subnets.get(&request.zone).ok_or_else(|| {
        refused(format!(
            "zone {} of region {}: VPC {} has no usable subnet there: make one that assigns public addresses, or set \
             cloud.ec2.use_private_addresses",
            request.zone, request.region, network.vpc
        ))
    })?;
    let data = data(settings, request).await?;
    let (group, image) = tokio::try_join!(
        network::security_group(client, &settings.security_group, &network.vpc),
        network::image(client, &request.image),
    )?;
    let group = group
        .group_id()
        .ok_or_else(|| unknown("a group without an id"))?;
    let tags = tags::of_launch(request, &settings.environment).into_iter();
    let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
    let tags = TagSpecification::builder()
        .resource_type(ResourceType::Instance)
        .set_tags(Some(tags.collect()));
    let key_pair = Some(settings.key_pair.clone()).filter(|name| !name.is_empty());
    Ok(client
        .run_instances()
        .image_id(image)
        .instance_type(request.instance_type.as_str().into())
        .min_count(1)
        .max_count(1)
        .client_token(request.id.as_str())
        .set_key_name(key_pair)
        .subnet_id(subnet)
        .security_group_ids(group)
        // A node that shuts itself down must not stay and cost.
        .instance_initiated_shutdown_behavior(ShutdownBehavior::Terminate)
        .user_data(aws_smithy_types::base64::encode(data))
        .tag_specifications(tags.build()))
}

async fn data(settings: &Ec2Settings, request: &LaunchRequest) -> Result<String, CloudError> {
    let password = settings.cluster_password.as_deref();
    let lines = user_data::lines(request.id.as_str(), &settings.manager_url, password);
    let own = user_data::own(&request.properties, settings.user_data_dir.as_deref()).await;
    let data = own.and_then(|own| user_data::whole(&lines, own.as_deref()));
    data.map_err(|problem| refused(problem.to_string()))
}

/// Sends the call.
pub(crate) async fn send(
    call: RunInstancesFluentBuilder,
    request: &LaunchRequest,
) -> Result<Outcome, CloudError> {
    match call.send().await {
        Ok(answer) => {
            let launched = answer.instances().first();
            let launched = launched.ok_or_else(|| unknown("a launch without an instance"))?;
            Ok(Outcome::Launched(Box::new(launched.clone())))
        }
        Err(told) => match failure(&told) {
            Failure::TokenMismatch => Ok(Outcome::Mismatch),
            other => Err(other.into_launch_error(&request.zone, &request.instance_type)),
        },
    }
}

/// An instance that exists already must be what is asked for. Another one is no refusal, after which nothing would be
/// there: it stays on record until it is ended.
pub(crate) fn check_same(
    existing: &Ec2Instance,
    request: &LaunchRequest,
) -> Result<(), CloudError> {
    let zone = existing
        .placement()
        .and_then(|place| place.availability_zone());
    let kind = existing.instance_type().map(|kind| kind.as_str());
    let capacity = request.capacity.to_string();
    let asked = [
        ("zone", zone, request.zone.as_str()),
        ("instance type", kind, request.instance_type.as_str()),
        ("role", tag(existing, tags::ROLE), request.role.as_str()),
        ("capacity", tag(existing, tags::CAPACITY), &capacity),
    ];
    for (what, is, wanted) in asked {
        // What the answer does not say is no contradiction.
        if is.is_some_and(|is| is != wanted) {
            return Err(unknown(format!(
                "{} was launched before with another {what}: {} instead of {wanted}",
                request.id,
                is.unwrap_or_default()
            )));
        }
    }
    Ok(())
}
