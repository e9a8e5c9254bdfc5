//! The schema by which a policy describes its settings, and settings held against it.
//!
//! Whoever uploads a policy writes its schema: one that refers to others, runs patterns or nests deeply could cost this
//! server more than the policy itself may. Those are refused when the policy is admitted.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

/// Longest schema, bytes.
const MOST_BYTES: usize = 64 * 1024;
/// Deepest schema; the settings of a policy are a handful of numbers.
const MOST_DEPTH: usize = 16;
/// Keywords that point elsewhere, run expressions, or multiply the work.
const NOT_HERE: [&str; 14] = [
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
    "$schema",
    "$id",
    "pattern",
    "patternProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "dependentSchemas",
    "unevaluatedProperties",
];
/// Where the schema is said to be. Nothing is ever read from there.
const PLACE: &str = "weir:settings";

/// A schema that can be used.
pub(super) struct SettingsSchema {
    schemas: Schemas,
    root: SchemaIndex,
}

impl SettingsSchema {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, for its author.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if text.len() > MOST_BYTES {
            return Err(format!(
                "it has {} bytes, more than the {MOST_BYTES} allowed",
                text.len()
            ));
        }
        let document: Value =
            serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
        tame(&document, 0)?;
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler.set_default_draft(boon::Draft::V2020_12);
        compiler
            .add_resource(PLACE, document)
            .map_err(|error| error.to_string())?;
        let root = compiler
            .compile(PLACE, &mut schemas)
            .map_err(|error| format!("it is no JSON Schema: {error}"))?;
        Ok(Self { schemas, root })
    }

    /// What is wrong with the settings, by member; empty when they fit.
    pub(super) fn problems(&self, settings: &str) -> Vec<String> {
        let document: Value = match serde_json::from_str(settings) {
            Ok(document) => document,
            Err(error) => return vec![format!("settings are no JSON: {error}")],
        };
        let Err(error) = self.schemas.validate(&document, self.root) else {
            return Vec::new();
        };
        let mut problems = Vec::new();
        leaves(&error, &mut problems);
        problems
    }
}

/// The causes at the bottom say what is wrong; those above only that something is.
fn leaves(error: &boon::ValidationError<'_, '_>, problems: &mut Vec<String>) {
    if error.causes.is_empty() {
        let place = error.instance_location.to_string().replace('/', ".");
        problems.push(format!("settings{place}: {}", error.kind));
    }
    for cause in &error.causes {
        leaves(cause, problems);
    }
}

/// Refuses what a schema of settings needs not.
fn tame(part: &Value, depth: usize) -> Result<(), String> {
    if depth > MOST_DEPTH {
        return Err(format!("it is nested deeper than {MOST_DEPTH} levels"));
    }
    match part {
        Value::Object(members) => {
            // A setting may well be called `pattern`: names of settings stand one level below `properties`.
            for (name, value) in members {
                if NOT_HERE.contains(&name.as_str()) {
                    return Err(format!(
                        "it uses {name:?}: state each setting plainly, by type, bounds, enum and default"
                    ));
                }
                match (name.as_str(), value) {
                    ("properties", Value::Object(settings)) => settings
                        .values()
                        .try_for_each(|setting| tame(setting, depth + 2))?,
                    ("default" | "examples" | "enum" | "const", _) => {}
                    (_, value) => tame(value, depth + 1)?,
                }
            }
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(|item| tame(item, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(schema: &str) -> String {
        SettingsSchema::read(schema).err().unwrap_or_default()
    }

    #[test]
    fn problems_name_the_setting() {
        let schema = r#"{"type":"object","additionalProperties":false,"properties":{
            "target":{"type":"integer","minimum":1,"maximum":100},"weights":{"type":"object",
            "properties":{"memory":{"type":"number"}}},"pattern":{"type":"string"}}}"#;
        let schema = SettingsSchema::read(schema);
        let schema = schema.unwrap_or_else(|problem| panic!("{problem}"));
        assert!(schema.problems(r#"{"target":60,"pattern":"x"}"#).is_empty());
        for (settings, named) in [
            (r#"{"target":0}"#, "settings.target: "),
            (r#"{"target":"60"}"#, "settings.target: "),
            (r#"{"weights":{"memory":[]}}"#, "settings.weights.memory: "),
            (r#"{"tarjet":60}"#, "tarjet"),
            ("[", "no JSON"),
            ("[]", "settings: "),
        ] {
            let problems = schema.problems(settings);
            assert_eq!(problems.len(), 1, "{settings}: {problems:?}");
            assert!(problems[0].contains(named), "{settings}: {problems:?}");
        }
    }

    #[test]
    fn schemas_that_could_cost_much_are_refused() {
        let deep = format!("{}{}", r#"{"items":"#.repeat(40), "}".repeat(40));
        for (schema, named) in [
            (r##"{"$ref":"#"}"##, "$ref"),
            (r#"{"properties":{"a":{"pattern":"(a+)+$"}}}"#, "pattern"),
            (r#"{"items":{"anyOf":[{}]}}"#, "anyOf"),
            (deep.as_str(), "{"),
            ("[", "no JSON"),
            (r#"{"type":"wrong"}"#, "no JSON Schema"),
        ] {
            let problem = refused(schema);
            assert!(!problem.is_empty(), "{schema} was taken");
            assert!(problem.contains(named) || named == "{", "{problem}");
        }
        assert!(refused(&" ".repeat(MOST_BYTES + 1)).contains("bytes"));
    }

    #[test]
    fn the_shipped_policies_have_schemas_that_can_be_used() {
        let engine = super::super::WasmEngine::new(super::super::EngineSettings::default());
        let engine = engine.unwrap_or_else(|error| panic!("{error}"));
        let registry = super::super::PolicyRegistry::new();
        registry
            .load_builtins(&engine)
            .unwrap_or_else(|error| panic!("{error}"));
        for policy in registry
            .names()
            .iter()
            .filter_map(|name| registry.get(name))
        {
            let about = policy.about();
            let schemas = [
                &about.scaling_settings_schema,
                &about.placement_settings_schema,
            ];
            for schema in schemas.into_iter().flatten() {
                assert_eq!(refused(schema), "", "{}", policy.name());
            }
        }
    }
}
