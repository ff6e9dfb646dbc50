"""Reports: pages made on the server, fit for a screen and for paper. One module and one template each."""
