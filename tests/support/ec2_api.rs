//! EC2's Query API in plain HTTP: enough to furnish a cloud for a test and to look at it behind the server's back.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::xml::Element;

/// The region of the tutorial.
pub const REGION: &str = "ap-northeast-1";
const VERSION: &str = "2016-11-15";

/// Parameters of a call, as they stand in its body.
pub type Params = BTreeMap<String, String>;

/// An EC2 endpoint, spoken to in one region.
#[derive(Debug, Clone)]
pub struct Ec2Api {
    url: String,
    region: String,
    http: reqwest::Client,
}

/// A refusal, or no answer at all (status 0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// EC2's code.
    pub code: String,
    /// EC2's words, or what went wrong on the way.
    pub message: String,
}

impl Ec2Api {
    /// Speaks to the endpoint at `url`.
    pub fn new(url: &str, region: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build();
        Self {
            url: url.to_owned(),
            region: region.to_owned(),
            http: http.expect("a client without TLS can be made"),
        }
    }

    /// One call; its answer's element.
    ///
    /// # Errors
    /// The endpoint refused, or did not answer with a whole document.
    pub async fn call(&self, action: &str, params: &[(&str, &str)]) -> Result<Element, ApiError> {
        let params = params.iter().map(|(name, value)| (*name, *value));
        let body = form(
            [("Action", action), ("Version", VERSION)]
                .into_iter()
                .chain(params),
        );
        let (status, body) = self.post(body).await.map_err(|error| ApiError {
            status: 0,
            code: String::new(),
            message: format!("{error:?}"),
        })?;
        let element = Element::read(&body).ok_or_else(|| ApiError {
            status,
            code: String::new(),
            message: format!("no whole document: {body}"),
        })?;
        if status == 200 {
            return Ok(element);
        }
        Err(ApiError {
            status,
            code: element.text_at("Errors/Error/Code"),
            message: element.text_at("Errors/Error/Message"),
        })
    }

    /// A call that must succeed.
    ///
    /// # Panics
    /// It did not.
    pub async fn must(&self, action: &str, params: &[(&str, &str)]) -> Element {
        let answer = self.call(action, params).await;
        answer.unwrap_or_else(|error| panic!("{action} {params:?}: {error:?}"))
    }

    /// Every instance of the region, ended ones too, page after page.
    pub async fn instances(&self) -> Vec<Element> {
        let mut found = Vec::new();
        let mut next = String::new();
        loop {
            let page = match next.as_str() {
                "" => self.must("DescribeInstances", &[]).await,
                token => {
                    self.must("DescribeInstances", &[("NextToken", token)])
                        .await
                }
            };
            for reservation in page.items("reservationSet") {
                found.extend(reservation.items("instancesSet").cloned());
            }
            next = page.text_at("nextToken");
            if next.is_empty() {
                return found;
            }
        }
    }

    /// Sends a body; status and body of the answer.
    pub(crate) async fn post(&self, body: String) -> Result<(u16, String), reqwest::Error> {
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/{}/ec2/aws4_request, SignedHeaders=host, Signature=0",
            self.region
        );
        let request = self
            .http
            .post(&self.url)
            .header("authorization", credential)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok((status, response.text().await?))
    }
}

/// The value of an instance's tag.
pub fn tag(instance: &Element, key: &str) -> Option<String> {
    let mut tags = instance.items("tagSet");
    let found = tags.find(|tag| tag.text_at("key") == key)?;
    Some(found.text_at("value"))
}

/// Parameters as a body.
pub(crate) fn form<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let escaped = |text: &'a str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = params
        .into_iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Parameters of a body.
pub(crate) fn parse_form(body: &str) -> Params {
    let plain = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let pairs = body.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}
