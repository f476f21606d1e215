//! Pure folds from events to read-model rows, one file a read model.
