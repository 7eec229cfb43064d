r"""Reports from stored evidence: an offline HTML site, a summary for machines, comparisons and exports."""
