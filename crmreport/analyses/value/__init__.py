"""Value: what customers are worth: RFM, lifetime value, potential, classes and groups."""
