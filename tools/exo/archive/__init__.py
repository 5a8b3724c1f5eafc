"""What a machine boots from: archives of files, and what is put into them."""
