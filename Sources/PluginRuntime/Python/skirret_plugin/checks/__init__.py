"""What `validate` looks at, from the folder to the last table column. Nothing here runs a line of the plugin."""
