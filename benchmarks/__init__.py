"""What we claim about speed and size, as programs: `make bench`. Each row names what it is measured against."""
