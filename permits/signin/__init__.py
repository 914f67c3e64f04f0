"""Who is there: signing in, staying signed in, and being kept out.

addresses     the addresses               login         the sign-in page
adapters      what allauth asks us        forms         codes and passwords that were wrong count
required      who must use two factors    pages         what people see of their own signing in
sessions      when one ends, and how      notes         what is written down
session_store where they are
lockout       who tried too often         lockouts_page who may let them in sees them there
proxies       whose word is taken for who is at the other end
"""
