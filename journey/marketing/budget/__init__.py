"""Budget transfers between channels: proposals, rules, workflow, log, compliance and impact."""
