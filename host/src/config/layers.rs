//! Putting the layers together: each value keeps the name of where it came from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::check::{ConfigError, Problem, Warning};
use super::{Config, Loaded, properties, schema};

/// Read when no file is named and it is there.
const DEFAULT_FILE: &str = "weir.toml";
const PREFIX: &str = "WEIR_";
const FILE_SUFFIX: &str = "_file";

/// Everything settings can come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The TOML file.
    pub config: ConfigFile,
    /// A `red5-web.properties`.
    pub properties: Option<PathBuf>,
    /// Environment variables; those without our prefix are ignored.
    pub environment: Vec<(String, String)>,
    /// Flags of the command line, the last wins.
    pub flags: Vec<Flag>,
}

/// Which TOML file is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ConfigFile {
    /// `weir.toml` in the working directory, if it is there.
    #[default]
    IfPresent,
    /// This one, which must be there.
    Named(PathBuf),
    /// None.
    Nowhere,
}

/// A setting given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// How it was written, for messages: `--listen`.
    pub name: String,
    /// Dotted key.
    pub key: String,
    /// Its text.
    pub value: String,
}

/// Puts the settings together and checks them.
///
/// # Errors
/// [`ConfigError`] with every problem found: unknown keys, wrong types, values out of range, files that cannot be read.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    stacked(sources).finish(Purpose::Reading)
}

/// Puts the settings of a server together and checks them, first whether this release can serve them at all.
///
/// # Errors
/// As [`load`] and [`Config::servable`].
pub fn load_to_serve(sources: &Sources) -> Result<Loaded, ConfigError> {
    stacked(sources).finish(Purpose::Serving)
}

fn stacked(sources: &Sources) -> Stack {
    let mut stack = Stack::default();
    if let Some(file) = &sources.properties {
        stack.properties(file);
    }
    stack.file(&sources.config);
    for (name, value) in &sources.environment {
        stack.variable(name, value);
    }
    for flag in &sources.flags {
        stack.text(&flag.key, &flag.key, &flag.value, flag.name.clone());
    }
    stack
}

/// What the settings are wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To be shown or checked.
    Reading,
    /// To run a server.
    Serving,
}

#[derive(Default)]
struct Stack {
    figment: Figment,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
    /// Variable that set a key, to find one set both by value and by file.
    variables: BTreeMap<String, String>,
}

/// One source's values under one name.
struct Layer {
    name: String,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

impl Stack {
    fn properties(&mut self, file: &Path) {
        let mapped = match properties::read(file) {
            Ok(mapped) => mapped,
            Err(error) => return self.problems.extend(error.problems),
        };
        self.text(
            "server.listen",
            "server.listen",
            "0.0.0.0:5080",
            "--properties".to_owned(),
        );
        for set in mapped.settings() {
            self.text(&set.key, &set.property, &set.value, set.source.clone());
        }
        self.warnings.extend(mapped.warnings);
        self.problems.extend(mapped.problems);
    }

    fn file(&mut self, file: &ConfigFile) {
        let path = match file {
            ConfigFile::IfPresent if !Path::new(DEFAULT_FILE).exists() => return,
            ConfigFile::IfPresent => Path::new(DEFAULT_FILE),
            ConfigFile::Named(path) => path,
            ConfigFile::Nowhere => return,
        };
        let name = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.refuse(&name, &format!("cannot be read: {error}")),
        };
        match toml::from_str::<Dict>(&text) {
            Ok(values) => {
                let problems = schema::check(&values, &name);
                if problems.is_empty() {
                    self.merge(Layer { name, values });
                } else {
                    self.problems.extend(problems);
                }
            }
            // Not the error's own text: it quotes the line, which may hold a secret.
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                let line = text.as_bytes().iter().take(start).filter(|b| **b == b'\n');
                let mend = format!("line {}: {}", line.count() + 1, error.message());
                self.refuse(&name, &mend);
            }
        }
    }

    fn variable(&mut self, name: &str, value: &str) {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            return;
        };
        let key = rest.to_lowercase().replace("__", ".");
        let (key, value) = match key.strip_suffix(FILE_SUFFIX) {
            Some(bare) if schema::kind(bare).is_some() => match std::fs::read_to_string(value) {
                Ok(text) => (bare.to_owned(), text),
                Err(error) => {
                    return self.refuse(name, &format!("cannot read {value}: {error}"));
                }
            },
            _ => (key, value.to_owned()),
        };
        if schema::kind(&key).is_none() && !rest.contains("__") {
            let text = format!("{}, and has no effect", Self::unknown_variable(&key));
            self.warnings.push(Warning {
                key: name.to_owned(),
                text,
            });
            return;
        }
        if schema::kind(&key).is_none() {
            return self.refuse(name, &Self::unknown_variable(&key));
        }
        if let Some(other) = self.variables.insert(key.clone(), name.to_owned()) {
            return self.refuse(name, &format!("and {other} set the same; remove one"));
        }
        self.text(&key, name, &value, name.to_owned());
    }

    fn unknown_variable(key: &str) -> String {
        match schema::nearest(key, schema::keys()) {
            Some(near) => format!("is no setting; did you mean {}?", variable_name(near)),
            None => "is no setting; a setting's variable is WEIR_SECTION__KEY".to_owned(),
        }
    }

    /// A value given as text; `shown` is the name its giver used.
    fn text(&mut self, key: &str, shown: &str, text: &str, source: String) {
        let Some(kind) = schema::kind(key) else {
            self.problems.push(Problem {
                key: shown.to_owned(),
                value: String::new(),
                mend: schema::unknown(key),
                source: Some(source),
            });
            return;
        };
        match schema::typed(kind, text) {
            Ok(value) => {
                let values = nest(key, value);
                self.merge(Layer {
                    name: source,
                    values,
                });
            }
            Err(mend) => self.problems.push(Problem {
                key: shown.to_owned(),
                value: if schema::SECRETS.contains(&key) {
                    String::new()
                } else {
                    text.trim().to_owned()
                },
                mend: mend.to_owned(),
                source: Some(source),
            }),
        }
    }

    fn merge(&mut self, layer: Layer) {
        self.figment = std::mem::take(&mut self.figment).merge(layer);
    }

    fn refuse(&mut self, key: &str, mend: &str) {
        self.problems.extend(ConfigError::one(key, mend).problems);
    }

    fn finish(mut self, purpose: Purpose) -> Result<Loaded, ConfigError> {
        let sources = self.sources();
        match self.figment.extract::<Config>() {
            Ok(config) => {
                if let (Purpose::Serving, Err(error)) = (purpose, config.servable()) {
                    self.problems.extend(error.problems);
                }
                match config.validate() {
                    Ok(warnings) => self.warnings.extend(warnings),
                    Err(error) => self.problems.extend(error.problems),
                }
                if self.problems.is_empty() {
                    return Ok(Loaded {
                        config,
                        warnings: self.warnings,
                        sources,
                    });
                }
            }
            Err(errors) => self.problems.extend(errors.into_iter().map(unusable)),
        }
        for problem in &mut self.problems {
            if problem.source.is_none() {
                problem.source = sources.get(&problem.key).cloned();
            }
        }
        Err(ConfigError {
            problems: self.problems,
        })
    }

    /// Where each setting came from.
    fn sources(&self) -> BTreeMap<String, String> {
        let mut sources = BTreeMap::new();
        if let Ok(Value::Dict(_, root)) = self.figment.extract::<Value>() {
            schema::walk("", &root, &mut |key, value| {
                // The members of a merged table are tagged, the table itself is not.
                let tag = match value {
                    Value::Dict(_, members) => members.values().next().map(Value::tag),
                    _ => None,
                };
                let tag = tag.unwrap_or_else(|| value.tag());
                if let Some(metadata) = self.figment.get_metadata(tag) {
                    sources.insert(key.to_owned(), metadata.name.to_string());
                }
            });
        }
        sources
    }
}

/// `server.listen` as a variable.
fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

fn nest(key: &str, value: Value) -> Dict {
    match key.split_once('.') {
        None => Dict::from([(key.to_owned(), value)]),
        Some((first, rest)) => Dict::from([(first.to_owned(), Value::from(nest(rest, value)))]),
    }
}

/// A value of the right type that its setting does not take.
fn unusable(error: figment::Error) -> Problem {
    use figment::error::Kind;
    let (value, mend) = match &error.kind {
        Kind::UnknownVariant(value, names) => (
            value.clone(),
            format!("must be one of {}", names.join(", ")),
        ),
        Kind::InvalidValue(value, expected) => (
            value.to_string(),
            format!("is too large or too small for {expected}"),
        ),
        Kind::Message(text) => (String::new(), text.clone()),
        other => (String::new(), other.to_string()),
    };
    Problem {
        key: error.path.join("."),
        value,
        mend,
        source: error.metadata.map(|metadata| metadata.name.to_string()),
    }
}
