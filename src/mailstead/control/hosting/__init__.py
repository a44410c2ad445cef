"""What is hosted: customers, domains, mailboxes, forwarders, automatic answers, limits."""
