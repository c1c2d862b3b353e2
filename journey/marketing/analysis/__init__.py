"""Analysis of marketing records: experiments, attribution, rollups, targets, KPIs and ROI."""
