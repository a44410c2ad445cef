"""Certificates of host names: ordered, renewed and shown, without anybody's session ending."""
