//! Press: journeys, load models, engines.
