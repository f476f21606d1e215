//! One table of settings, and all that follows from it.

/// Declares the settings: for each concern a struct with defaults, and a layer where every field may be absent, which
/// is both what the command line gives and what a file gives.
macro_rules! settings {
    ($(
        $(#[doc = $about:literal])*
        #[help = $heading:literal]
        struct $name:ident, $layer:ident in $section:ident {
            $($(#[doc = $doc:literal])* $field:ident: $type:ty = $default:expr, $flag:literal, $variable:literal;)*
        }
    )*) => {
        $(
            $(#[doc = $about])*
            #[derive(Clone, PartialEq, Eq, Debug)]
            pub struct $name {
                $($(#[doc = $doc])* pub $field: $type,)*
            }

            impl Default for $name {
                fn default() -> Self {
                    $name { $($field: $default,)* }
                }
            }

            #[derive(clap::Args, serde::Deserialize, Clone, Debug, Default)]
            #[serde(default, deny_unknown_fields)]
            #[command(next_help_heading = $heading)]
            struct $layer {
                $(
                    $(#[doc = $doc])*
                    #[arg(long = $flag, env = $variable, hide_env_values = true, value_name = layered::value_name(stringify!($type)))]
                    $field: Option<$type>,
                )*
            }

            impl $layer {
                fn over(self, below: $layer) -> $layer {
                    $layer { $($field: self.$field.or(below.$field),)* }
                }

                fn resolve(self) -> $name {
                    let default = $name::default();
                    $name { $($field: self.$field.unwrap_or(default.$field),)* }
                }
            }
        )*

        /// All settings.
        #[derive(Clone, PartialEq, Eq, Debug, Default)]
        pub struct Settings {
            $($(#[doc = $about])* pub $section: $name,)*
            /// Which issuers of tokens are trusted; none on a development server.
            pub identity: Option<IdentitySettings>,
        }

        #[derive(clap::Args, serde::Deserialize, Clone, Debug, Default)]
        #[serde(default, deny_unknown_fields)]
        struct Layer {
            $(#[command(flatten)] $section: $layer,)*
            /// From the file alone: a list of issuers is no flag.
            #[arg(skip)]
            identity: Option<IdentitySettings>,
        }

        impl Layer {
            fn over(self, below: Layer) -> Layer {
                Layer { $($section: self.$section.over(below.$section),)* identity: self.identity.or(below.identity) }
            }

            fn resolve(self) -> Settings {
                Settings { $($section: self.$section.resolve(),)* identity: self.identity }
            }
        }

        /// Returns the default of every setting as people read it, by the name of its argument.
        pub fn defaults() -> Vec<(&'static str, String)> {
            vec![$($((stringify!($field), layered::shown(&$name::default().$field)),)*)*]
        }

        /// A row of the table of settings.
        #[cfg(test)]
        struct Setting {
            section: &'static str,
            name: &'static str,
            flag: &'static str,
            variable: &'static str,
        }

        #[cfg(test)]
        const TABLE: &[Setting] = &[$($(Setting {
            section: stringify!($section),
            name: stringify!($field),
            flag: concat!("--", $flag),
            variable: $variable,
        },)*)*];
    };
}

pub(super) use settings;

/// Returns what stands for a value in the help, from its type.
pub(super) fn value_name(of: &str) -> &'static str {
    match of {
        "SocketAddr" => "HOST:PORT",
        "PathBuf" => "PATH",
        "String" => "TEXT",
        "LogFormat" => "FORM",
        "bool" => "true|false",
        _ => "NUMBER",
    }
}

/// Returns a default as people read it.
pub(super) fn shown(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) if text.is_empty() => "none".to_owned(),
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
