# The media plan as a ConfigMap, from the file that the agency sends: who changes it opens a pull request, and the plan that is announced
# is the one that was merged. The controller reads it within a minute or two (kubelet brings changes to mounted volumes by and by).
#
#   terraform apply -var media_plan=mediaplan.csv
terraform {
  required_version = ">= 1.5"
  required_providers {
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.23"
    }
  }
}

variable "media_plan" {
  description = "The media plan: CSV with the columns that adapters/calendar knows, such as date, time, channel, grp."
  type        = string
  default     = "mediaplan.csv"
}

variable "namespace" {
  description = "The namespace of the controller."
  type        = string
  default     = "headroom"
}

resource "kubernetes_config_map_v1" "plans" {
  metadata {
    name      = "headroom-plans" # plansConfigMap of the chart
    namespace = var.namespace
  }

  data = {
    "mediaplan.csv" = file(var.media_plan)
  }

  lifecycle {
    precondition {
      condition     = length(file(var.media_plan)) < 1000000
      error_message = "A ConfigMap takes 1 MiB: leave out spots that are over."
    }
    precondition {
      condition     = length(split("\n", trimspace(file(var.media_plan)))) > 1
      error_message = "The media plan has no spot: an empty one is hardly meant."
    }
  }
}

output "config" {
  description = "What the deployment file says to announce it."
  value       = <<-EOT
    calendars:
      lead: 3m
      list:
        - {name: tv, file: /etc/headroom/plans/mediaplan.csv, kind: tv, window: 30s, location: Europe/Berlin}
  EOT
}
