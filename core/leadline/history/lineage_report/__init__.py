"""One readable document for an auditor: what a version was made from, and what was made with it. Pure, but for `gather`."""
