"""What the marketing records mean: experiments, attribution, rollups, targets, KPIs, ROI."""
