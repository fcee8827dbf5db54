"""What benchmarks measure against: the designs that tutorials build, each as good as it can be made."""
