library(shiny)
shinyApp(fluidPage("plot"), function(input, output) {})
