"""The simulated shop: plausible, repeatable, and told the same way by both layouts."""
