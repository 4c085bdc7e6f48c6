"""Reports as one HTML file each: no script, nothing loaded, all foreign text escaped."""
