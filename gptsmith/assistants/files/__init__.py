"""Specs on disk: the library, drafts, versions, and bundles that carry one elsewhere."""
