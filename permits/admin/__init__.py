"""The pages that people touch, on Django's admin.

site          the site itself           registry      which record has which pages
page          what all pages share      filters       the filter bar above a list
changelist    a list and its count      keyset        its pages, as quick at any depth
home          what needs a person       controller    the link to the controller
permit        a permit's list and form  needs         the kinds of permits that need a person
offers        what can be done with it  panel         what stands beside its form
search        how a permit is found     rows          the buttons in a row
saving        what saving means besides sending       push and update
decisions     resolve, push anew, keep  timeline      all that happened to a permit, in one list
merged        pages over several tables, by time
time_filters  filters by day and time  activity      who did what
bulk          asking for a bulk run     batch         the page of a bulk run
plates        what a plate already has  zone          zones
saved_views   a list as one likes it    allowed       whether a car may stand here now
permit_filters  what the list of permits is narrowed down by
exports       a list as a file          exported      what stands in it
steps         extend, change plate      replacing     Replace
drift         their counts to ours    drift_chart   the same as a picture
history       the sync history          accounts      users and groups
signing_in    ending sessions of others, and taking their second factors away
checkup       the way to the controller, step by step
alerts        what was told by mail     validation    the run that the vendor asks for
"""
